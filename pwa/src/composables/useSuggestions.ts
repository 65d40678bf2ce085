import { searchCategories } from '@xunge/rules'
import type { cases, catalogue } from '@xunge/types'
import { onScopeDispose, shallowRef, watch } from 'vue'
import { useClient } from '@/client'
import { useReference } from './useReference'

const TYPING_MS = 500
const SHOWN = 3
/** Fewer characters say too little. */
const LEAST = 2

type Suggestion = Pick<cases.Suggestion, 'code' | 'name'>

/** The subclasses that a description is likeliest about: the server's word, else this device's. */
export function useSuggestions(description: () => string) {
  const client = useClient()
  const { categories, category } = useReference()
  const found = shallowRef<Suggestion[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function suggest(text: string): Promise<void> {
    const turn = ++asked
    const told = await client
      .request<cases.Suggestion[]>('POST', '/cases/suggest', { text })
      .catch(() => alone(categories.value, text))
    if (turn === asked) found.value = told.filter(({ code }) => category(code)).slice(0, SHOWN)
  }

  watch(
    () => description().trim(),
    (text) => {
      clearTimeout(timer)
      asked++
      if (text.length < LEAST) found.value = []
      else timer = setTimeout(() => void suggest(text), TYPING_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return found
}

/** Without the server: what is said by name, or what the words are the beginning of. */
function alone(categories: readonly catalogue.Category[], text: string): catalogue.Category[] {
  const said = (category: catalogue.Category) =>
    Math.max(
      0,
      ...[category.name, ...category.synonyms]
        .filter((word) => word.length >= LEAST && text.includes(word))
        .map(({ length }) => length),
    )
  const named = categories
    .filter((each) => each.active && each.parent !== null && said(each) > 0)
    .sort((one, other) => said(other) - said(one))
  return named.length > 0 ? named : searchCategories(categories, text)
}
