const FIRST_MS = 2_000
const LONGEST_MS = 300_000

/** Milliseconds until try number `attempts` + 1: doubling, half of it random. */
export function backoff(attempts: number, random: () => number): number {
  const full = Math.min(FIRST_MS * 2 ** Math.max(0, attempts - 1), LONGEST_MS)
  return full * (0.5 + random() / 2)
}
