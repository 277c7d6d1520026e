// For addresses that are none of ours.
import { Link } from "../app/router";
import { PageHead } from "../ui/Bits";
import { EmptyState } from "../ui/States";

export default function NotFound() {
  return (
    <>
      <PageHead title="Not found" />
      <EmptyState icon="search" title="There is no page at this address" action={<Link className="button is-primary" to="/">To the overview</Link>} />
    </>
  );
}
