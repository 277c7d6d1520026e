// The coach: a conversation about the user's own money, with findings and questions to start from.
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { clearChat, getChat, getChatUsage, getInsights, postChat } from "../api/calls";
import { newKey } from "../api/client";
import type { ChatMessage } from "../api/types";
import { useLoad } from "../app/useLoad";
import { formatAgo } from "../lib/dates";
import { formatMoney } from "../lib/money";
import { Card, PageHead } from "../ui/Bits";
import { Confirm } from "../ui/Dialog";
import { describe } from "../ui/Form";
import { Icon, Logo } from "../ui/Icon";
import { InsightList } from "../ui/InsightList";
import { Await, EmptyState } from "../ui/States";

const QUESTIONS = [
  "How much did I spend last month?",
  "Where can I save?",
  "Which subscriptions do I pay for?",
  "What will next month look like?",
  "Am I within my budgets?",
];
const LONGEST = 1000;
const REFRESH_MS = 10_000;

export default function Coach() {
  const insights = useLoad((signal) => getInsights(signal), [], REFRESH_MS);
  const chat = useLoad((signal) => getChat(signal), []);
  const [clearing, setClearing] = useState(false);
  const clear = async () => {
    await clearChat().catch(() => undefined);
    setClearing(false);
    chat.reload();
  };
  return (
    <>
      <PageHead title="Coach" text="Answers come from your own transactions.">
        <button type="button" className="button" onClick={() => setClearing(true)}><Icon name="trash" />Clear</button>
      </PageHead>
      <div className="coach">
        <section className="card chat" aria-label="Conversation">
          <Await loaded={chat} label="Opening the conversation">
            {({ items }) => <Conversation key={items.at(-1)?.id ?? "empty"} history={items} />}
          </Await>
        </section>
        <div className="coach-side">
          <Card title="Insights">
            <Await loaded={insights} label="Looking for patterns">
              {({ items }) => (items.length === 0 ? <EmptyState icon="spark" title="Nothing stands out" /> : <InsightList items={items} />)}
            </Await>
          </Card>
          <Usage />
        </div>
      </div>
      {clearing && <Confirm title="Clear the conversation?" text="All messages are deleted." action="Clear" onConfirm={() => void clear()} onClose={() => setClearing(false)} />}
    </>
  );
}

function Conversation({ history }: { history: ChatMessage[] }) {
  const [messages, setMessages] = useState(history);
  const [text, setText] = useState("");
  const [waiting, setWaiting] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = end.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, [messages, waiting]);
  const ask = async (question: string) => {
    if (waiting || !question.trim()) return;
    const mine: ChatMessage = { id: newKey(), role: "user", text: question.trim(), created_at: new Date().toISOString() };
    setMessages((old) => [...old, mine]);
    setText("");
    setError(null);
    setWaiting(true);
    try {
      const answer = await postChat(mine.text, mine.id);
      setMessages((old) => [...old, answer]);
    } catch (fault) {
      setMessages((old) => old.filter((m) => m.id !== mine.id));
      setText(mine.text);
      setError(describe(fault));
    } finally {
      setWaiting(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void ask(text);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
  };
  return (
    <>
      <div className="messages" ref={end} role="log" aria-label="Messages" tabIndex={0}>
        {messages.length === 0 && <Welcome />}
        {messages.map((m) => <Message key={m.id} message={m} />)}
        {waiting && <p className="message is-coach is-waiting"><span className="spinner" aria-hidden="true" />Thinking…</p>}
      </div>
      <div className="suggestions" role="group" aria-label="Suggested questions">
        {QUESTIONS.map((q) => <button key={q} type="button" className="suggestion" disabled={waiting} onClick={() => void ask(q)}>{q}</button>)}
      </div>
      <div role="alert">{error && <p className="form-error"><Icon name="warn" />{error}</p>}</div>
      <form className="ask" onSubmit={submit}>
        <label className="sr-only" htmlFor="question">Your question</label>
        <textarea id="question" rows={1} maxLength={LONGEST} placeholder="Ask about your money" value={text} onChange={(e) => setText(e.target.value)} onKeyDown={onKey} />
        <button type="submit" className="button is-primary" disabled={waiting || !text.trim()} aria-label="Send"><Icon name="send" /></button>
      </form>
    </>
  );
}

function Welcome() {
  return (
    <div className="state">
      <Logo />
      <p className="state-title">What would you like to know?</p>
      <p className="state-text">Ask in your own words, or take one of the questions below.</p>
    </div>
  );
}

function Message({ message }: { message: ChatMessage }) {
  const coach = message.role === "coach";
  return (
    <div className={coach ? "message is-coach" : "message is-user"}>
      <span className="sr-only">{coach ? "Coach: " : "You: "}</span>
      <p className="message-text">{message.text}</p>
      <span className="message-note">{formatAgo(message.created_at)}</span>
    </div>
  );
}

/** What the provider has cost; it bills in US dollars, whatever the account's currency is. */
function Usage() {
  const usage = useLoad((signal) => getChatUsage(signal), []);
  if (!usage.data) return null;
  if (usage.data.provider === "local") return <p className="fine-print">The coach runs on this server. Nothing you ask leaves it.</p>;
  return (
    <p className="fine-print">
      Answers by {usage.data.provider}; {formatMoney(usage.data.spent_cents, "USD")} of {formatMoney(usage.data.cap_cents, "USD")} used this month.
    </p>
  );
}
