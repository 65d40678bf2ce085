import { shallowRef } from 'vue'
import { useClient } from '@/client'
import type { Counts } from '@/lib/caseApi'
import { useRefresh } from './useRefresh'

/** This post's boxes with how many cases stand in each, live. */
export function useCounts() {
  const client = useClient()
  const boxes = shallowRef<Counts['boxes']>([])

  async function load(): Promise<void> {
    try {
      boxes.value = (await client.request<Counts>('GET', '/cases/counts')).boxes
    } catch {
      // the list beside it says why
    }
  }

  useRefresh(() => void load())
  void load()
  return { boxes }
}
