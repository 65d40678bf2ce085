import type { Opened } from '@xunge/client'
import { computed, ref } from 'vue'
import { useClient } from '@/client'
import { cityDay } from '@/lib/time'
import { useNotice } from './useNotice'
import { useOutbox } from './useOutbox'

/** What has not been sent leaves this device as a sealed file, and such files of others come in. */
export function useParcels() {
  const { parcels } = useClient()
  const { items, locked } = useOutbox()
  const { say, complain } = useNotice()
  const busy = ref(false)
  const opened = ref<Opened | null>(null)

  /** What was in the file that was taken in last, and where each item stands. */
  const arrivals = computed(() => {
    const ids = new Set(opened.value?.items)
    return [...items.value, ...locked.value].filter(({ id }) => ids.has(id))
  })

  async function attempt(work: () => Promise<void>, failed: string): Promise<void> {
    busy.value = true
    try {
      await work()
    } catch (error) {
      complain(error instanceof Error && error.message ? error.message : failed)
    } finally {
      busy.value = false
    }
  }

  const send = () =>
    attempt(async () => {
      const blob = await parcels.pack()
      const name = `巡格未发送-${cityDay(Date.now())}.xunge`
      const file = new File([blob], name, { type: 'application/octet-stream' })
      if ('canShare' in navigator && navigator.canShare({ files: [file] })) {
        await navigator.share({ files: [file], title: name }).catch((error: unknown) => {
          // Thought better of it.
          if (!(error instanceof DOMException && error.name === 'AbortError')) throw error
        })
        return
      }
      const link = document.createElement('a')
      link.href = URL.createObjectURL(file)
      link.download = name
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
      say('已导出。收到回执以前，内容仍留在这台设备上')
    }, '没有导出成功，请重试')

  const take = (file: Blob) =>
    attempt(async () => {
      opened.value = await parcels.open(file)
    }, '没有导入成功，请重试')

  return { send, take, busy, opened, arrivals }
}
