import type { OutboxItem } from '@xunge/client'
import type { commands, registry } from '@xunge/types'

type Submitted = Pick<OutboxItem, 'type' | 'payload'>

/** The payload as it was submitted from this device; the type tells which it is. */
export function reportIn({ type, payload }: Submitted): commands.ReportCase | null {
  return type === 'case.report' ? (payload as commands.ReportCase) : null
}

export function actIn({ type, payload }: Submitted): commands.ActOnCase | null {
  return type === 'case.act' ? (payload as commands.ActOnCase) : null
}

export function mergeIn({ type, payload }: Submitted): commands.MergeCases | null {
  return type === 'case.merge' ? (payload as commands.MergeCases) : null
}

export function splitIn({ type, payload }: Submitted): commands.SplitCase | null {
  return type === 'case.split' ? (payload as commands.SplitCase) : null
}

export function handOverIn({ type, payload }: Submitted): commands.HandOver | null {
  return type === 'case.hand_over' ? (payload as commands.HandOver) : null
}

/** What a command says of a person or a room. */
export interface SaidOfRecord {
  kind: commands.SettleDispute['kind']
  id: string
  source: registry.FieldChange['source']
  values: Record<string, registry.Candidate['value']>
}

export function recordIn({ type, payload }: Submitted): SaidOfRecord | null {
  if (type === 'dispute.settle') {
    const { kind, entity, field, value } = payload as commands.SettleDispute
    return { kind, id: entity, source: 'settle', values: { [field]: value } }
  }
  if (type === 'person.record' || type === 'person.edit') {
    const { person, fields } = payload as commands.EditPerson
    const source = type === 'person.edit' ? 'edit' : 'record'
    return { kind: 'person', id: person, source, values: { ...fields } }
  }
  if (type !== 'room.record' && type !== 'room.edit') return null
  const { room, fields } = payload as commands.EditRoom
  const source = type === 'room.edit' ? 'edit' : 'record'
  return { kind: 'room', id: room, source, values: { ...fields } }
}

/** The cases a command speaks of; the first is the one whose version its receipt gives. */
export function casesIn(item: Submitted): string[] {
  const pair = mergeIn(item) ?? splitIn(item)
  if (pair) return [pair.case, pair.merged]
  const one = actIn(item) ?? reportIn(item)
  return one ? [one.case] : (handOverIn(item)?.cases ?? [])
}
