import { instants } from '@xunge/rules'
import type { cases } from '@xunge/types'
import type { CaseRow } from './caseApi'

/** A held case as a line of a list, as the server would show it. */
export function rowOf(held: cases.Case): CaseRow {
  return {
    id: held.id,
    number: held.number,
    state: held.state,
    stage: held.stage,
    ending: held.ending,
    flow: held.flow,
    category: held.category,
    description: held.description,
    address: held.address,
    grid: held.grid,
    org: held.assignments.findLast(({ kind }) => kind === 'main')?.org ?? null,
    source: held.reports[0]?.source ?? 'worker',
    urgent: held.urgent,
    severity: held.severity,
    photo: held.reports[0]?.media.find(({ role }) => role !== 'audio')?.id ?? null,
    reported_at: held.reported_at,
    ended_at: held.ended_at,
    ...instants(held.clocks),
  }
}
