/** Days of the city as they are asked for, and the instants they mean: [since, until). */

const ZONE = '+08:00'
const DAY_MS = 86_400_000

export function dayBegins(day: string): string | undefined {
  return day ? new Date(`${day}T00:00:00${ZONE}`).toISOString() : undefined
}

export function dayEnds(day: string): string | undefined {
  const begins = dayBegins(day)
  return begins && new Date(Date.parse(begins) + DAY_MS).toISOString()
}

/** The last day before an instant that is not included. */
export function dayBefore(until: string): string {
  return new Date(Date.parse(until) - 1).toISOString()
}
