// The time of an answer that does not tell it, from what was asked.
import { now } from "../format";
import type { Span } from "../model";

const UNITS: { [unit: string]: number } = { s: 1e6, m: 6e7, h: 3.6e9, d: 8.64e10 };

export function moment(text: string | undefined): number | null {
  if (!text) return null;
  const age = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  if (age) return now() - Number(age[1]) * (UNITS[age[2] as string] as number);
  if (/^\d+$/.test(text)) return Number(text);
  const parsed = Date.parse(text);
  return Number.isNaN(parsed) ? null : parsed * 1000;
}

export function spanOf(asked: { since_us?: number; until_us?: number; since?: string; until?: string; bucket_us: number }): Span {
  return {
    since_us: asked.since_us ?? moment(asked.since) ?? now() - 3.6e9,
    until_us: asked.until_us ?? moment(asked.until) ?? now(),
    bucket_us: asked.bucket_us,
  };
}
