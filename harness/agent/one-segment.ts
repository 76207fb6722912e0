/** Segmentation offload would put frames larger than any MTU on the wire, and no switch would drop them. */
export const ONE_SEGMENT_PER_FRAME = 'gso_max_segs 1';
