import type { commands } from '@xunge/types'
import { computed, type Ref } from 'vue'
import { useClient } from '@/client'
import { missingOf, type ReportDraft } from '@/lib/reportDraft'
import { sendCorrection } from './useCorrection'
import { mediaOf } from './useDraft'
import { useReference } from './useReference'
import { useSession } from './useSession'

/** Turns a finished draft into a `case.report` in the outbox. */
export function useReport(draft: Ref<ReportDraft>, key: string, corrects?: string) {
  const { outbox } = useClient()
  const { session } = useSession()
  const { category } = useReference()

  const missing = computed(() => {
    const chosen = draft.value.category ? category(draft.value.category) : undefined
    return missingOf(draft.value, chosen?.photo_roles ?? [], chosen?.album_allowed ?? true)
  })

  function payload(): commands.ReportCase {
    const { category: code, position, outside, ids, ...rest } = draft.value
    if (code === null || position === null) throw new Error('missing is checked before')
    const own = session.value?.role === 'supervisor' ? 'supervisor' : 'worker'
    return {
      case: ids?.case ?? outbox.newId(),
      report: ids?.report ?? outbox.newId(),
      category: code,
      description: rest.description.trim(),
      address: rest.address.trim(),
      position,
      media: rest.shots,
      urgent: rest.urgent,
      self_handled: rest.selfHandled && !outside,
      source: outside?.source ?? own,
      ...(outside && {
        reporter: { name: outside.name.trim() || null, phone: outside.phone.trim() || null },
        private: outside.private,
        call_back: outside.callBack,
        outside_number: outside.number.trim() || null,
      }),
    }
  }

  async function submit(): Promise<string> {
    const value = JSON.parse(JSON.stringify(payload())) as commands.ReportCase
    if (corrects !== undefined) return sendCorrection(corrects, value, draft.value.shots, key)
    return outbox.submit('case.report', value, { media: mediaOf(draft.value.shots), draft: key })
  }

  return { missing, submit }
}
