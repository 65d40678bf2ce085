import type { Payloads } from '@xunge/client'
import { useClient } from '@/client'
import type { RecordKind, Shown, Value, Values } from '@/lib/registry'

/** What is done to people and rooms: recorded on this device first, with what its author knew. */
export function useRecordCommands() {
  const { outbox } = useClient()

  function standsOn({ id, version, after }: Shown) {
    return { bases: version ? { [id]: version } : {}, after: after.slice(-100) }
  }

  return {
    newId: () => outbox.newId(),

    payload: (kind: RecordKind, id: string, fields: Values): Payloads[keyof Payloads] =>
      kind === 'person' ? { person: id, fields } : { room: id, fields },

    record: (kind: RecordKind, id: string, fields: Values, after: string[], draft: string) =>
      kind === 'person'
        ? outbox.submit('person.record', { person: id, fields }, { after, draft })
        : outbox.submit('room.record', { room: id, fields }, { after, draft }),

    edit: (shown: Shown, fields: Values, after: string[], draft: string) => {
      const known = standsOn(shown)
      const options = { ...known, after: [...new Set([...known.after, ...after])], draft }
      return shown.kind === 'person'
        ? outbox.submit('person.edit', { person: shown.id, fields }, options)
        : outbox.submit('room.edit', { room: shown.id, fields }, options)
    },

    settle: (shown: Shown, field: string, value: Value) =>
      outbox.submit(
        'dispute.settle',
        { kind: shown.kind, entity: shown.id, field, value },
        standsOn(shown),
      ),
  }
}
