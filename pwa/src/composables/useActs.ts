import { taskFor } from '@xunge/rules'
import type { cases, catalogue, commands } from '@xunge/types'
import { computed } from 'vue'
import { useClient } from '@/client'
import { actOf, type ActDraft } from '@/lib/actDraft'
import { actIn, reportIn } from '@/lib/commands'
import { needsCorrection } from '@/lib/outboxText'
import { sendCorrection } from './useCorrection'
import { mediaOf } from './useDraft'
import { useOutbox } from './useOutbox'
import { useSession } from './useSession'

type Case = cases.Case

/** What was done here about a case and is still under way, and doing more. */
export function useActs(subject: () => Case | undefined) {
  const { outbox } = useClient()
  const { items } = useOutbox()
  const { session } = useSession()

  const about = computed(() =>
    items.value.filter((item) => {
      const named = (actIn(item) ?? reportIn(item))?.case
      return named !== undefined && named === subject()?.id && item.state !== 'replaced'
    }),
  )
  /** Recorded here, and not yet in what the server told us of the case. */
  const pending = computed(() =>
    about.value.filter(({ state, receipt }) => {
      if (state === 'refused') return false
      return receipt === null || (receipt.version ?? 0) > (subject()?.version ?? 0)
    }),
  )
  const refused = computed(() => about.value.filter(needsCorrection))

  function build(action: catalogue.Action, draft: ActDraft, on: Case): commands.ActOnCase {
    const task = session.value ? taskFor(action, on, session.value) : null
    return JSON.parse(
      JSON.stringify(actOf(action, draft, on, task?.id ?? null)),
    ) as commands.ActOnCase
  }

  async function submit(
    action: catalogue.Action,
    draft: ActDraft,
    on: Case,
    draftKey: string,
    corrects?: string,
  ): Promise<string> {
    const act = build(action, draft, on)
    const shots = act.media ? draft.shots : []
    if (corrects !== undefined) return sendCorrection(corrects, act, shots, draftKey)
    return outbox.submit('case.act', act, {
      media: mediaOf(shots),
      bases: { [on.id]: on.version },
      after: about.value.flatMap(({ id, receipt, state }) =>
        receipt === null && state !== 'refused' ? [id] : [],
      ),
      draft: draftKey,
    })
  }

  return { pending, refused, build, submit }
}
