import { cleanAnswers, type Context, formFaults } from '@xunge/rules'
import type { cases, commands } from '@xunge/types'
import { computed, type Ref } from 'vue'
import { useClient } from '@/client'
import { cityNow, shotsIn } from '@/lib/form'
import { missingOf, type ReportDraft } from '@/lib/reportDraft'
import type { Shot } from '@/lib/shots'
import { sendCorrection } from './useCorrection'
import { mediaOf } from './useDraft'
import { useNow } from './useNow'
import { useReference } from './useReference'
import { useSession } from './useSession'

/** Turns a finished draft into a `case.report` in the outbox. */
export function useReport(draft: Ref<ReportDraft>, key: string, corrects?: string) {
  const { outbox } = useClient()
  const { session } = useSession()
  const { category, form } = useReference()
  const now = useNow()

  const items = computed(() => {
    const ref = draft.value.form
    return (ref && form(ref.code, ref.version)?.items) ?? []
  })
  const context = computed<Context>(() => ({
    now: cityNow(now.value),
    category: draft.value.category ?? '',
    source: sourceOf(draft.value),
    urgent: draft.value.urgent,
    self_handled: draft.value.selfHandled,
  }))

  const missing = computed(() => {
    const { category: code, answers, shots } = draft.value
    const chosen = code ? category(code) : undefined
    const media = new Set(shots.map(({ id }) => id))
    const faults = formFaults(items.value, answers, context.value, { media })
    const texts = faults.map(({ message }) => message)
    const roles = chosen?.photo_roles ?? []
    return missingOf(draft.value, roles, chosen?.album_allowed ?? true, texts)
  })

  function sourceOf({ outside }: ReportDraft): cases.Report['source'] {
    return outside?.source ?? (session.value?.role === 'supervisor' ? 'supervisor' : 'worker')
  }

  function payload(): commands.ReportCase {
    const { category: code, position, outside, ids, form: filled, ...rest } = draft.value
    if (code === null || position === null) throw new Error('missing is checked before')
    const answers = cleanAnswers(items.value, rest.answers, context.value)
    return {
      case: ids?.case ?? outbox.newId(),
      report: ids?.report ?? outbox.newId(),
      category: code,
      description: rest.description.trim(),
      address: rest.address.trim(),
      position,
      media: shotsIn(answers, rest.shots),
      urgent: rest.urgent,
      self_handled: rest.selfHandled && !outside,
      source: sourceOf(draft.value),
      form: filled,
      answers,
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
    const shots = value.media as Shot[]
    if (corrects !== undefined) return sendCorrection(corrects, value, shots, key)
    return outbox.submit('case.report', value, { media: mediaOf(shots), draft: key })
  }

  return { missing, submit, items, context }
}
