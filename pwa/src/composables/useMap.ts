import type { FeatureCollection } from 'geojson'
import type { GeoJSONSource, Map } from 'maplibre-gl'
import { onBeforeUnmount, onMounted, ref, shallowRef, type ShallowRef } from 'vue'
import { openMap } from '@/components/map/base'
import { addBasemap } from '@/components/map/basemap'
import { useSession } from './useSession'

/**
 * A map in `container`, drawn once both are there. `whenLoaded` runs with the map as soon as its
 * style is in; `failed` says that this device cannot draw maps.
 */
export function useMap(
  container: Readonly<ShallowRef<HTMLElement | null>>,
  label: string,
  onLoad: (map: Map) => void,
) {
  const map = shallowRef<Map | null>(null)
  const failed = ref(false)
  const approval = ref<string | null>(null)
  const { session } = useSession()

  onMounted(() => {
    if (!container.value) return
    try {
      const made = openMap(container.value, label)
      made.once('load', () => {
        map.value = made
        onLoad(made)
        // Without its base map the map is plainer, and whole.
        addBasemap(made, session.value?.county ?? '')
          .then((number) => (approval.value = number))
          .catch((error: unknown) => console.warn('base map', error))
      })
      onBeforeUnmount(() => made.remove())
    } catch {
      failed.value = true
    }
  })

  function show(source: string, data: FeatureCollection): void {
    void map.value?.getSource<GeoJSONSource>(source)?.setData(data)
  }

  return { map, failed, approval, show }
}
