import type { catalogue } from '@xunge/types'

/** Active subclasses that match every word by name, synonym or code; the closest names first. */
export function searchCategories(
  categories: readonly catalogue.Category[],
  text: string,
): catalogue.Category[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return categories
    .filter(({ active, parent }) => active && parent !== null)
    .map((category) => ({ category, rank: rankOf(category, words) }))
    .filter(({ rank }) => rank < Infinity)
    .sort(
      (one, other) =>
        one.rank - other.rank ||
        one.category.name.length - other.category.name.length ||
        (one.category.code < other.category.code ? -1 : 1),
    )
    .map(({ category }) => category)
}

/** The worst place at which a word is found: 0 whole name, 1 its start, 2 in it, 3 synonym, 4 code. */
function rankOf({ name, synonyms, code }: catalogue.Category, words: string[]): number {
  const title = name.toLowerCase()
  const others = synonyms.map((synonym) => synonym.toLowerCase())
  return Math.max(
    ...words.map((word) => {
      if (title === word) return 0
      if (title.startsWith(word)) return 1
      if (title.includes(word)) return 2
      if (others.some((other) => other.includes(word))) return 3
      return code.toLowerCase().startsWith(word) ? 4 : Infinity
    }),
  )
}
