/** A table of names as choices: each code with what it is called. */
export function pairsOf<Code extends string>(names: Record<Code, string>): [Code, string][] {
  return Object.entries(names) as [Code, string][]
}
