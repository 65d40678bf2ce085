/** What a flow's conditions may speak of: the twin of backend/cases/rules/context.py. */

import type { cases, catalogue } from '@xunge/types'
import { openParts } from './parties'

/** What is known besides the case; what is not known counts as nobody, nothing and the root. */
export interface Known {
  category?: catalogue.Category | undefined
  /** How many may verify and check in the case's grid. */
  workers?: number | undefined
  /** Each org's parent. */
  parents?: Readonly<Record<string, string | null>> | undefined
}

type Answers = Record<string, unknown>

/** The names and their values before an act; the case's win over answers. */
export function context(document: cases.Case, known: Known = {}): Record<string, unknown> {
  const first = document.reports[0]
  return {
    ...flat(first?.answers ?? {}),
    open_parts: openParts(document),
    open_requests: document.requests.filter(({ state }) => state === 'open').length,
    workers: known.workers ?? 0,
    level: depth(document.closing_org, known.parents ?? {}),
    closing_org: document.closing_org ?? '',
    state: document.state,
    source: first?.source ?? '',
    category: document.category,
    check: known.category?.check ?? '',
    auto_dispatch: known.category?.auto_dispatch ?? false,
    self_handled: first?.self_handled ?? false,
    urgent: document.urgent,
    sensitive: document.sensitive,
    suspended: document.suspended,
    supervision: document.supervision ?? '',
    severity: document.severity,
    failed_checks: document.failed_checks,
    call_back: document.call_back?.state ?? '',
    verdict: '',
    after_photos: 0,
    evidence_photos: 0,
  }
}

/** Answers by their own names, groups opened; a repeat stays a list. */
function flat(answers: Answers): Answers {
  const found: Answers = {}
  for (const [name, value] of Object.entries(answers)) {
    if (isGroup(value)) Object.assign(found, flat(value))
    else found[name] = value
  }
  return found
}

function isGroup(value: unknown): value is Answers {
  const group = typeof value === 'object' && value !== null && !Array.isArray(value)
  return group && !('longitude' in value && 'latitude' in value)
}

function depth(org: string | null, parents: Readonly<Record<string, string | null>>): number {
  const seen = new Set<string>()
  for (let at = org; at !== null && !seen.has(at); at = parents[at] ?? null) seen.add(at)
  return Math.max(0, seen.size - 1)
}
