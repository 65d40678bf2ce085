import { onScopeDispose, ref } from 'vue'

/** Whether list, detail and map fit side by side. */
export function useWide() {
  const query = matchMedia('(width >= 68rem)')
  const wide = ref(query.matches)
  const see = () => (wide.value = query.matches)
  query.addEventListener('change', see)
  onScopeDispose(() => query.removeEventListener('change', see))
  return wide
}
