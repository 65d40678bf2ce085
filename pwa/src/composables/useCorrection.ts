import type { OutboxItem, Payloads } from '@xunge/client'
import type { RouteLocationRaw } from 'vue-router'
import { useClient } from '@/client'
import { actIn, handOverIn, mergeIn, recordIn, reportIn, splitIn } from '@/lib/commands'
import type { Shot } from '@/lib/shots'
import { mediaOf } from './useDraft'

const FIELD_SOURCES = ['worker', 'supervisor']

/** Where a refused item is put right: the form it came from, filled in. */
export function correctionRoute(item: OutboxItem): RouteLocationRaw {
  const act = actIn(item)
  if (act) return { path: `/case/${act.case}`, query: { action: act.action, correct: item.id } }
  const query = { correct: item.id }
  const [merge, split] = [mergeIn(item), splitIn(item)]
  if (merge) return { path: `/case/${merge.merged}`, query: { ...query, action: 'merge' } }
  if (split) return { path: `/case/${split.case}`, query }
  const record = recordIn(item)
  if (record) {
    const at = record.source === 'record' ? 'new' : `${record.id}/edit`
    return { path: `/registry/${record.kind}/${at}`, query }
  }
  if (handOverIn(item)) return { path: '/hand-over', query }
  const outside = !FIELD_SOURCES.includes(reportIn(item)?.source ?? 'worker')
  return { path: outside ? '/register' : '/report', query }
}

/** The refused item of that id, while it is still refused. */
export function refusedItem(id: unknown): OutboxItem | null {
  const items = useClient().outbox.items.value
  return items.find((item) => item.id === id && item.state === 'refused') ?? null
}

/** Sends `payload` in place of a refused item; photos no longer in `shots` are dropped. */
export async function sendCorrection(
  refused: string,
  payload: Payloads[keyof Payloads],
  shots: readonly Shot[],
  draftKey: string,
): Promise<string> {
  const { outbox, drafts } = useClient()
  const old = new Set(
    outbox.items.value.find(({ id }) => id === refused)?.media.map(({ id }) => id),
  )
  const kept = new Set(shots.map(({ id }) => id))
  const id = await outbox.correct(refused, payload, {
    media: mediaOf(shots.filter((shot) => !old.has(shot.id))),
    drop: [...old].filter((media) => !kept.has(media)),
  })
  await drafts.discard(draftKey)
  return id
}
