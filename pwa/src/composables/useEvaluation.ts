import { Unavailable } from '@xunge/client'
import { ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { Evaluation, PeriodKind, Subject } from '@/lib/evaluation'
import { useRefresh } from './useRefresh'

/** What is asked of the evaluation; empty text: the server's own choice. */
export interface Question {
  subject: Subject
  period: PeriodKind
  at: string
  parent: string
  by: string
}

export function asQuery(question: Question, more: Record<string, string> = {}): string {
  const given = Object.entries({ ...question, ...more }).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}

/** The evaluation from the server, fresh while it is looked at. */
export function useEvaluation(question: Ref<Question>) {
  const client = useClient()
  const evaluation = shallowRef<Evaluation | null>(null)
  const loading = ref(true)
  const offline = ref(false)
  const error = ref<string | null>(null)
  let asked = 0

  async function load(): Promise<void> {
    const turn = ++asked
    try {
      const path = `/windows/evaluation?${asQuery(question.value)}`
      const answer = await client.request<Evaluation>('GET', path)
      if (turn !== asked) return
      evaluation.value = answer
      offline.value = false
      error.value = null
    } catch (problem) {
      if (turn !== asked) return
      offline.value = problem instanceof Unavailable
      error.value = offline.value || !(problem instanceof Error) ? null : problem.message
    } finally {
      if (turn === asked) loading.value = false
    }
  }

  watch(
    question,
    () => {
      loading.value = true
      void load()
    },
    { deep: true },
  )
  useRefresh(() => void load())
  void load()
  return { evaluation, loading, offline, error, load }
}
