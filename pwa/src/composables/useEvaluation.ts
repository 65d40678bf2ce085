import { shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { Evaluation, PeriodKind, Subject } from '@/lib/evaluation'
import { useAsking } from './useAsking'
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
  const { loading, offline, error, ask } = useAsking()

  function load(): Promise<void> {
    const path = `/windows/evaluation?${asQuery(question.value)}`
    return ask(
      () => client.request<Evaluation>('GET', path),
      (answer) => {
        evaluation.value = answer
      },
    )
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
