// A file of the hub, saved. By fetch, as a link cannot send the token.
import { useState } from "preact/hooks";
import { request } from "../hub";

async function save(path: string): Promise<void> {
  const response = await request(path);
  const name = /filename="?([^";]+)/.exec(response.headers.get("Content-Disposition") || "")?.[1] || "trace.json";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export function Save({ path, label, hint }: { path: string; label: string; hint: string }) {
  const [trouble, setTrouble] = useState("");
  return (
    <>
      <button type="button" title={hint} onClick={() => save(path).then(() => setTrouble(""), (error: Error) => setTrouble(error.message))}>{label}</button>
      {trouble && <span class="bad" role="alert">✗ {trouble}</span>}
    </>
  );
}
