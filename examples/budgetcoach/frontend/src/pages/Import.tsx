// CSV import: drop a file, watch the job, read what was found and which lines were refused, and why.
import { useEffect, useRef, useState, type DragEvent } from "react";
import { getImport, getImportErrors, getImports, startImport } from "../api/calls";
import { newKey } from "../api/client";
import type { ImportJob } from "../api/types";
import { Link } from "../app/router";
import { useLoad } from "../app/useLoad";
import { formatAgo } from "../lib/dates";
import { formatChips } from "../lib/imports";
import { Card, Meter, PageHead, Pager } from "../ui/Bits";
import { describe, FormError } from "../ui/Form";
import { Icon } from "../ui/Icon";
import { Await, EmptyState } from "../ui/States";

const MAX_BYTES = 10_000_000;
const POLL_MS = 1000;
const count = (n: number): string => new Intl.NumberFormat().format(n);
const isOver = (job: ImportJob): boolean => job.status === "done" || job.status === "failed";

export default function Import() {
  const [current, setCurrent] = useState<string | null>(null);
  const history = useLoad((signal) => getImports(signal), []);
  return (
    <>
      <PageHead title="Import" text="A CSV export from any bank. Separator, encoding, dates and decimals are found for you; lines already here are skipped." />
      <DropZone onStarted={(job) => setCurrent(job.id)} />
      {current && <Job key={current} id={current} onOver={history.reload} />}
      <Card title="Earlier imports">
        <Await loaded={history} label="Reading imports">
          {({ items }) => (items.length === 0
            ? <EmptyState icon="file" title="None yet" />
            : <History jobs={items} current={current} onPick={setCurrent} />)}
        </Await>
      </Card>
    </>
  );
}

function DropZone({ onStarted }: { onStarted: (job: ImportJob) => void }) {
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file || busy) return;
    setError(null);
    if (file.size > MAX_BYTES) return setError(`${file.name} is larger than 10 MB. Export a shorter period.`);
    if (file.size === 0) return setError(`${file.name} is empty.`);
    setBusy(file.name);
    try {
      onStarted(await startImport(file, newKey()));
    } catch (fault) {
      setError(describe(fault));
    } finally {
      setBusy(null);
      if (input.current) input.current.value = "";
    }
    return undefined;
  };
  const drag = (inside: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(inside);
  };
  const drop = (event: DragEvent) => {
    drag(false)(event);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <label className={over ? "drop is-over" : "drop"} onDragOver={drag(true)} onDragLeave={drag(false)} onDrop={drop}>
        <input ref={input} type="file" accept=".csv,.txt,.tsv,text/csv" className="sr-only" disabled={busy !== null}
          onChange={(event) => void take(event.target.files?.[0])} />
        <span className="drop-icon"><Icon name="upload" /></span>
        <span className="drop-title">{busy ? `Sending ${busy}…` : "Drop a CSV file here, or choose one"}</span>
        <span className="drop-hint">Up to 10 MB, 50,000 lines</span>
      </label>
      <div role="alert">{error && <p className="form-error"><Icon name="warn" />{error}</p>}</div>
    </>
  );
}

function Job({ id, onOver }: { id: string; onOver: () => void }) {
  const [over, setOver] = useState(false);
  const job = useLoad((signal) => getImport(id, signal), [id], over ? undefined : POLL_MS);
  const finished = job.data !== undefined && isOver(job.data);
  useEffect(() => {
    if (!finished) return;
    setOver(true);
    onOver();
  }, [finished, onOver]);
  return (
    <Card title="This import" className="import-job">
      <Await loaded={job} label="Reading the import">
        {(data) => (
          <>
            <Progress job={data} />
            {isOver(data) && <Result job={data} />}
            <Format job={data} />
            {isOver(data) && data.failed > 0 && <BadLines id={data.id} />}
          </>
        )}
      </Await>
    </Card>
  );
}

const STATUS: Record<ImportJob["status"], string> = { queued: "Waiting", running: "Reading", done: "Done", failed: "Failed" };

function Progress({ job }: { job: ImportJob }) {
  const percent = job.status === "done" ? 100 : job.total_lines ? (job.done_lines / job.total_lines) * 100 : 0;
  const lines = job.total_lines ? `${count(job.done_lines)} of ${count(job.total_lines)} lines` : "Counting lines";
  return (
    <div className="import-progress" data-status={job.status}>
      <div className="budget-top">
        <span className="budget-name">{job.filename}</span>
        <span className={`tag is-${job.status}`}>{STATUS[job.status]}</span>
      </div>
      <Meter percent={percent} state={job.status === "failed" ? "exceeded" : "ok"} label={`Import of ${job.filename}`} />
      <p className="budget-foot" role="status"><span>{lines}</span></p>
      {job.status === "failed" && <FormError text={job.error ?? "The file could not be read."} />}
    </div>
  );
}

function Result({ job }: { job: ImportJob }) {
  return (
    <>
      <dl className="counts">
        <div className="count is-ok"><dt>Imported</dt><dd>{count(job.imported)}</dd></div>
        <div className="count"><dt>Already here</dt><dd>{count(job.duplicates)}</dd></div>
        <div className={job.failed > 0 ? "count is-bad" : "count"}><dt>Refused</dt><dd>{count(job.failed)}</dd></div>
      </dl>
      {job.imported > 0 && (
        <p className="row">
          <Link className="button is-primary" to="/">See the overview</Link>
          <Link className="button" to="/transactions">See the transactions</Link>
        </p>
      )}
    </>
  );
}

function Format({ job }: { job: ImportJob }) {
  const chips = formatChips(job.format);
  if (chips.length === 0) return null;
  return (
    <div className="format">
      <h3>Detected format</h3>
      <ul className="chips">
        {chips.map(([name, value]) => <li key={name} className="chip"><span>{name}</span> <strong>{value}</strong></li>)}
      </ul>
    </div>
  );
}

function BadLines({ id }: { id: string }) {
  const [page, setPage] = useState(1);
  const errors = useLoad((signal) => getImportErrors(id, page, signal), [id, page]);
  return (
    <div className="bad-lines">
      <h3>Refused lines</h3>
      <Await loaded={errors} label="Reading refused lines">
        {(data) => (
          <>
            <ul className="lines">
              {data.items.map((row) => (
                <li key={row.line}>
                  <span className="line-number">Line {row.line}</span>
                  <span className="line-reason">{row.reason}</span>
                  <code className="line-text">{row.text || "(empty)"}</code>
                </li>
              ))}
            </ul>
            <Pager page={data.page} pageSize={data.page_size} total={data.total} onPage={setPage} />
          </>
        )}
      </Await>
    </div>
  );
}

function History({ jobs, current, onPick }: { jobs: ImportJob[]; current: string | null; onPick: (id: string) => void }) {
  return (
    <ul className="history">
      {jobs.map((job) => (
        <li key={job.id}>
          <button type="button" className="history-row" onClick={() => onPick(job.id)} aria-current={job.id === current || undefined}>
            <Icon name="file" />
            <span className="history-name">{job.filename}</span>
            <span className={`tag is-${job.status}`}>{STATUS[job.status]}</span>
            <span className="history-note">{count(job.imported)} in, {count(job.failed)} refused · {formatAgo(job.created_at)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
