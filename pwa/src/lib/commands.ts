import type { commands } from '@xunge/types'

/** The payloads as they were submitted from this device; the type tells which. */
export function isReport(item: { type: string }, _payload: unknown): _payload is commands.ReportCase {
  return item.type === 'case.report'
}

export function isAct(item: { type: string }, _payload: unknown): _payload is commands.ActOnCase {
  return item.type === 'case.act'
}
