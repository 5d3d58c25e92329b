import { formatAddress, parseAddress } from "../address";

// The next page of a list that shows one page at a time.
export function More({ next }: { next: string | null }) {
  const here = parseAddress(location.hash);
  const to = (cursor: string) => formatAddress(here.view, { ...here.parameters, cursor }, here.detail);
  return (
    <p class="links">
      {here.parameters.cursor && <a href={to("")}>To the newest</a>} {next && <a href={to(next)}>More</a>}
    </p>
  );
}
