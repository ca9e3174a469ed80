import { type RefObject, useLayoutEffect, useState } from 'react';

export interface BoxSize {
  width: number;
  height: number;
}

/** The inner size of an element in px, kept as it changes; zeros before it is there. */
export function useSize(ref: RefObject<HTMLElement | null>): BoxSize {
  const [size, setSize] = useState<BoxSize>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const measure = () => {
      const next = { width: element.clientWidth, height: element.clientHeight };
      setSize((size) => (size.width === next.width && size.height === next.height ? size : next));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
