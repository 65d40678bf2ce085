import { Unavailable } from '@xunge/client'
import { ref } from 'vue'

/**
 * How asking the service for something stands: only the newest question's answer counts, and a
 * question that fails says whether there is no network or why.
 */
export function useAsking() {
  const loading = ref(true)
  const offline = ref(false)
  const error = ref<string | null>(null)
  let asked = 0

  async function ask<T>(question: () => Promise<T>, take: (answer: T) => void): Promise<void> {
    const turn = ++asked
    try {
      const answer = await question()
      if (turn !== asked) return
      take(answer)
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
  return { loading, offline, error, ask }
}
