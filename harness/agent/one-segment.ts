/** Segmentation offload would put frames on the wire that are larger than any MTU, and no switch would drop them. */
export const ONE_SEGMENT_A_FRAME = 'gso_max_segs 1';
