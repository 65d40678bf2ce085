import type { OutboxItem } from '@xunge/client'
import type { commands } from '@xunge/types'

type Submitted = Pick<OutboxItem, 'type' | 'payload'>

/** The payload as it was submitted from this device; the type tells which it is. */
export function reportIn({ type, payload }: Submitted): commands.ReportCase | null {
  return type === 'case.report' ? (payload as commands.ReportCase) : null
}

export function actIn({ type, payload }: Submitted): commands.ActOnCase | null {
  return type === 'case.act' ? (payload as commands.ActOnCase) : null
}
