import type { cases } from '@xunge/types'
import { computed } from 'vue'
import { useReplica } from './useReplica'
import { once } from './useObservable'
import { useSession } from './useSession'

export interface MyPart {
  subject: cases.Case
  part: cases.Assignment
  due: string | null
  yellow: string | null
  paused: boolean
  /** Directives that still want an answer. */
  unanswered: number
}

/** What my org was given and has not finished, the most pressing first. */
export const useMyParts = once(() => {
  const { session, can } = useSession()
  const { cases: held } = useReplica()

  const parts = computed<MyPart[]>(() => {
    const org = session.value?.org
    if (org === undefined || !can('case.handle')) return []
    return held.value
      .filter(({ ending }) => ending === null)
      .flatMap((subject) =>
        subject.assignments
          .filter((part) => part.org === org && part.state === 'open')
          .map((part) => mine(subject, part)),
      )
      .sort((a, b) => (a.due ?? '9').localeCompare(b.due ?? '9'))
  })
  return {
    parts,
    /** Nobody has signed for these. */
    unsigned: computed(() => parts.value.filter(({ part }) => part.holder === null)),
  }
})

function mine(subject: cases.Case, part: cases.Assignment): MyPart {
  const clock = subject.clocks.find(
    ({ owner, stopped_at }) => owner === part.id && stopped_at === null,
  )
  return {
    subject,
    part,
    due: clock?.due_at ?? null,
    yellow: clock?.yellow_at ?? null,
    paused: clock?.paused ?? false,
    unanswered: subject.directives.filter(
      ({ due_at, answered_at }) => due_at !== null && answered_at === null,
    ).length,
  }
}
