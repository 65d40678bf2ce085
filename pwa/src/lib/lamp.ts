export type Lamp = 'green' | 'yellow' | 'red'

/** The lamp of a clock at `now` (milliseconds); null when nothing is timed. */
export function lampOf(yellow: string | null, due: string | null, now: number): Lamp | null {
  if (due === null) return null
  if (now > Date.parse(due)) return 'red'
  return yellow !== null && now >= Date.parse(yellow) ? 'yellow' : 'green'
}
