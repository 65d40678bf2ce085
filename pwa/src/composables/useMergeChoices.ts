import type { cases } from '@xunge/types'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useClient } from '@/client'
import type { CaseList } from '@/lib/caseApi'
import { useSimilar } from './useSimilar'

export interface MergeChoice {
  id: string
  number: string
  description: string
  state: string
  reported_at: string
  photo: string | null
  distance_m: number | null
}

const TYPING_MS = 300

/** Cases this one may be joined into: like it and near, or found by what is typed. */
export function useMergeChoices(subject: () => cases.Case, text: Ref<string>) {
  const client = useClient()
  const { found: near } = useSimilar(() => subject())
  const found = shallowRef<MergeChoice[]>([])
  const searching = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function search(word: string): Promise<void> {
    const turn = ++asked
    const query = new URLSearchParams({ q: word })
    const page = await client.request<CaseList>('GET', `/cases?${query}`).catch(() => null)
    if (turn !== asked) return
    searching.value = false
    found.value = (page?.items ?? [])
      .filter(({ ending }) => ending === null)
      .map((row) => ({ ...row, distance_m: null }))
  }

  watch(text, (now) => {
    clearTimeout(timer)
    found.value = []
    asked++
    searching.value = now.trim() !== ''
    if (searching.value) timer = setTimeout(() => void search(now.trim()), TYPING_MS)
  })

  const choices = computed<MergeChoice[]>(() =>
    (text.value.trim() ? found.value : near.value).filter(({ id }) => id !== subject().id),
  )
  return { choices, searching }
}
