import { useReference } from './useReference'
import { useRegistry } from './useRegistry'
import { fieldOf, type RecordKind, roomText, type Value } from '@/lib/registry'

/** A field's value as people read it. */
export function useRecordWords() {
  const { areaName } = useReference()
  const { record } = useRegistry()

  return (kind: RecordKind, field: string, value: Value | undefined): string => {
    if (value === null || value === undefined || value === '') return '未填'
    const of = fieldOf(kind, field)
    if (of?.input === 'grid') return areaName(String(value))
    if (of?.input === 'room') {
      const home = record('room', String(value))
      return home ? roomText(home.values) : '另一处房屋'
    }
    return of?.codes?.[String(value)] ?? String(value)
  }
}
