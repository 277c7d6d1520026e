// The user's categories: the list, one more, one less (refused while transactions use it).
import { useState } from "react";
import { addCategory, deleteCategory, getCategories } from "../api/calls";
import type { Category, Kind } from "../api/types";
import { useLoad } from "../app/useLoad";
import { Card, CategoryMark } from "../ui/Bits";
import { describe, Field, FormError, useSubmit } from "../ui/Form";
import { Icon } from "../ui/Icon";
import { Await } from "../ui/States";
import { useToast } from "../ui/Toast";

const FIRST_COLOR = "#2f8f6f";

export function CategorySettings() {
  const say = useToast();
  const categories = useLoad((signal) => getCategories(signal), []);
  const remove = async (category: Category) => {
    try {
      await deleteCategory(category.id);
      say(`${category.name} deleted`);
    } catch (fault) {
      say(describe(fault), true);
    }
    categories.reload();
  };
  return (
    <Card title="Categories" className="is-tall">
      <Await loaded={categories} label="Reading categories">
        {({ items }) => (
          <ul className="category-list">
            {items.map((c) => (
              <li key={c.id}>
                <CategoryMark name={c.name} color={c.color} />
                <span className="field-hint">{c.kind === "income" ? "Income" : "Expense"}</span>
                <button type="button" className="icon-button" onClick={() => void remove(c)} aria-label={`Delete ${c.name}`}><Icon name="trash" /></button>
              </li>
            ))}
          </ul>
        )}
      </Await>
      <NewCategory onDone={categories.reload} />
    </Card>
  );
}

function NewCategory({ onDone }: { onDone: () => void }) {
  const say = useToast();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("expense");
  const [color, setColor] = useState(FIRST_COLOR);
  const form = useSubmit(
    async () => {
      await addCategory({ name: name.trim(), kind, color });
      say(`${name.trim()} added`);
      setName("");
      onDone();
    },
    (): Record<string, string> => (name.trim() ? {} : { name: "A name." }),
  );
  return (
    <form className="category-form" onSubmit={form.onSubmit} noValidate>
      <FormError text={form.error} />
      <Field label="New category" error={form.fields.name}>
        {(a) => <input {...a} autoComplete="off" maxLength={60} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <div className="field-pair">
        <Field label="Kind">
          {(a) => (
            <select {...a} value={kind} onChange={(e) => setKind(e.target.value as Kind)}>
              <option value="expense">Expense</option>
              <option value="income">Income</option>
            </select>
          )}
        </Field>
        <Field label="Colour" error={form.fields.color}>
          {(a) => <input {...a} type="color" value={color} onChange={(e) => setColor(e.target.value)} />}
        </Field>
      </div>
      <button type="submit" className="button" disabled={form.busy}><Icon name="plus" />Add category</button>
    </form>
  );
}
