import { ref } from 'vue'
import { useClient } from '@/client'

/** Whether an unfinished report lies on this device. */
export function useSavedReport() {
  const saved = ref<{ at: number } | null>(null)
  void useClient()
    .drafts.list()
    .then((drafts) => {
      const found = drafts.find(({ key }) => key === 'report')
      saved.value = found ? { at: found.saved_at } : null
    })
  return { saved }
}
