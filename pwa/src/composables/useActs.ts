import { taskFor } from '@xunge/rules'
import type { cases, catalogue, commands } from '@xunge/types'
import { computed } from 'vue'
import { useClient } from '@/client'
import { actOf, shotsOf, type ActDraft } from '@/lib/actDraft'
import { casesIn } from '@/lib/commands'
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

  const about = computed(() => {
    const id = subject()?.id
    return items.value.filter(
      (item) => id !== undefined && item.state !== 'replaced' && casesIn(item).includes(id),
    )
  })
  /** Recorded here, and not yet in what the server told us of the case. */
  const pending = computed(() =>
    about.value.filter((item) => {
      if (item.state === 'refused') return false
      if (item.receipt === null) return true
      // A receipt's version is that of the first case a command speaks of.
      const told = subject()
      return casesIn(item)[0] === told?.id && (item.receipt.version ?? 0) > (told?.version ?? 0)
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
    const named = new Set(
      [...(act.media ?? []), ...(act.targets ?? []).flatMap(({ media }) => media ?? [])].map(
        ({ id }) => id,
      ),
    )
    const shots = shotsOf(draft).filter(({ id }) => named.has(id))
    if (corrects !== undefined) return sendCorrection(corrects, act, shots, draftKey)
    return outbox.submit('case.act', act, {
      media: mediaOf(shots),
      bases: { [on.id]: on.version },
      draft: draftKey,
    })
  }

  return { pending, refused, build, submit }
}
