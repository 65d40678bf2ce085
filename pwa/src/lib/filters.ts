/** What a list, counter or map of cases is narrowed to. An address holds it by the names the server
 * asks by, so that going back, reloading and sharing show the same.
 */

import type { cases } from '@xunge/types'

type Asked = cases.Filters
/** A condition that is not there asks nothing. */
export type CaseFilters = { [Name in keyof Asked]?: NonNullable<Asked[Name]> }
export type FilterName = keyof CaseFilters
/** As a router gives it. */
type Query = Record<string, string | null | (string | null)[] | undefined>

const SEVERAL = new Set<FilterName>(['source', 'state'])
const FLAGS = new Set<FilterName>(['ended', 'urgent', 'suspended', 'sensitive'])
/** The values that a condition may have; what an old address holds besides is left out. */
const VALUES: Partial<Record<FilterName, readonly string[]>> = {
  stage: ['reported', 'accepted', 'filed', 'dispatched', 'handled', 'checked', 'closed'],
  lamp: ['green', 'yellow', 'red'],
  scope: ['own', 'below', 'own_and_below'],
  mine: ['owned', 'reported'],
  reported_within: ['today', 'week', 'month'],
  severity: ['general', 'serious', 'major', 'extreme'],
  supervision: ['near', 'supervised', 'overdue', 'circulated'],
  call_back: ['wanted', 'done', 'unwanted'],
}
/** Not `phone`: no one's number may stand in an address. */
const NAMES: readonly FilterName[] = [
  'box',
  'q',
  'number',
  'category',
  'source',
  'flow',
  'state',
  'stage',
  'ended',
  'lamp',
  'area',
  'grid',
  'org',
  'main_org',
  'scope',
  'mine',
  'reported_within',
  'reported_since',
  'reported_until',
  'ended_since',
  'ended_until',
  'reporter',
  'label',
  'urgent',
  'severity',
  'suspended',
  'sensitive',
  'supervision',
  'call_back',
  'shape',
]

/** The conditions of an address. */
export function readFilters(query: Query): CaseFilters {
  const found: Record<string, unknown> = {}
  for (const name of NAMES) {
    const values = [query[name]].flat().filter((value) => typeof value === 'string' && value !== '')
    const known = VALUES[name]
    const [first] = values
    if (first == null || (known && !known.includes(first))) continue
    if (SEVERAL.has(name)) found[name] = values
    else found[name] = FLAGS.has(name) ? first === 'true' : first
  }
  return found
}

/** The conditions as an address holds them; the box also when it is all. */
export function writeFilters(filters: CaseFilters): Record<string, string | string[]> {
  return { box: '', ...asked(filters) }
}

/** The conditions as the server is asked by them. */
export function query(filters: CaseFilters, more: Record<string, string> = {}): string {
  const given = Object.entries({ ...asked(filters), ...more })
  const pairs = given.flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  )
  return new URLSearchParams(pairs).toString()
}

/** Only what narrows: a saved search comes with everything else as null. */
export function onlySet(filters: Asked): CaseFilters {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => narrows(value)))
}

/** Those that a person chose besides the box and the search words. */
export function narrowing(filters: CaseFilters): FilterName[] {
  return NAMES.filter((name) => name !== 'box' && name !== 'q' && narrows(filters[name]))
}

/** With some conditions changed; one that is undefined asks nothing any more. */
export function narrowed(
  filters: CaseFilters,
  change: { [Name in FilterName]?: CaseFilters[Name] | undefined },
): CaseFilters {
  return Object.fromEntries(
    Object.entries({ ...filters, ...change }).filter(([, value]) => narrows(value)),
  )
}

function asked(filters: CaseFilters): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(filters)
      .filter(([, value]) => narrows(value))
      .map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]),
  )
}

function narrows(value: unknown): boolean {
  return value != null && value !== '' && !(Array.isArray(value) && value.length === 0)
}
