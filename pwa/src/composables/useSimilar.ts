import { similar, type Similar } from '@xunge/rules'
import type { cases } from '@xunge/types'
import { ref, shallowRef, watchEffect } from 'vue'
import { useClient } from '@/client'
import { useReference } from './useReference'
import { useReplica } from './useReplica'

interface Asked {
  category: string
  position: cases.Position
}

const PAUSE_MS = 400

/** Cases like this one nearby: from the server when it answers, else from this device's own. */
export function useSimilar(asked: () => Asked) {
  const { cases: held } = useReplica()
  const { category } = useReference()
  const found = shallowRef<Similar[]>([])
  const fromDevice = ref(false)

  watchEffect((onCleanup) => {
    const { category: code, position } = asked()
    const rule = category(code)
    if (!rule) return
    found.value = similar(held.value, rule, [position.longitude, position.latitude], Date.now())
    fromDevice.value = true
    const query = new URLSearchParams({
      category: code,
      longitude: String(position.longitude),
      latitude: String(position.latitude),
    })
    let stale = false
    const timer = setTimeout(() => {
      useClient()
        .request<Similar[]>('GET', `/cases/similar?${query}`)
        .then((answer) => {
          if (stale) return
          found.value = answer
          fromDevice.value = false
        })
        .catch(() => undefined) // what the device knows stays on the screen
    }, PAUSE_MS)
    onCleanup(() => {
      stale = true
      clearTimeout(timer)
    })
  })
  return { found, fromDevice }
}
