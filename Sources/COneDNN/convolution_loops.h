// The loops of the three kernels for one instruction set with WIDTH values per vector and registers for ROWS x
// COLUMNS sums and more. Included once per instruction set.

typedef float NAMED(part_t) __attribute__((ext_vector_type(WIDTH), may_alias));

#define PART(numbers) (*(NAMED(part_t) *)(numbers))
#define COLUMNS 4
#define INLINE TARGET static inline __attribute__((always_inline))

/// `correlate` for the given number of outputs and COLUMNS positions, from an output and a position. Beyond the last
/// position it repeats the last.
INLINE void NAMED(correlate_some)(
    const int outputs, const correlation_t *how, int output, int place, const float *images,
    float *sums) {
  NAMED(part_t) sum[4][COLUMNS];
  const float *window[COLUMNS], *weights = how->weights + (size_t)output * how->taps;
  size_t row = row_places(how->places);
  for (int p = 0; p < COLUMNS; ++p)
    window[p] = images + how->place[least(place + p, how->places - 1)] * block_images;
  for (int o = 0; o < outputs; ++o)
    for (int p = 0; p < COLUMNS; ++p) sum[o][p] = how->bias[output + o] - (NAMED(part_t)){0};
  for (int tap = 0; tap < how->taps; ++tap) {
    ptrdiff_t here = how->tap[tap] * block_images;
    for (int o = 0; o < outputs; ++o)
      for (int p = 0; p < COLUMNS; ++p)
        sum[o][p] += weights[(size_t)o * how->taps + tap] * PART(window[p] + here);
  }
  for (int o = 0; o < outputs; ++o)
    for (int p = 0; p < COLUMNS; ++p)
      if (place + p < how->places)
        PART(sums + ((output + o) * row + place + p) * block_images) = sum[o][p];
}

/// Adds some lanes to a value, eight at a time for every instruction set.
INLINE void NAMED(add_lanes)(const NAMED(part_t) *part, float *number) {
  for (int first = 0; first < WIDTH; first += 8) {
    eight_t eight = *(const eight_t *)((const float *)part + first);
    four_t four = eight.lo + eight.hi;
    *number += (four.x + four.z) + (four.y + four.w);
  }
}

/// `by_weights` for the given number of outputs and COLUMNS taps.
INLINE void NAMED(by_some_weights)(
    const int outputs, const correlation_t *how, int output, int tap, const float *images,
    const float *gradient, float *slopes) {
  NAMED(part_t) sum[4][COLUMNS] = {0};
  const float *tapped[COLUMNS];
  size_t row = row_places(how->places) * block_images;
  for (int t = 0; t < COLUMNS; ++t)
    tapped[t] = images + how->tap[least(tap + t, how->taps - 1)] * block_images;
  for (int place = 0; place < how->places; ++place) {
    ptrdiff_t here = how->place[place] * block_images;
    for (int o = 0; o < outputs; ++o)
      for (int t = 0; t < COLUMNS; ++t)
        sum[o][t] += PART(gradient + (output + o) * row + place * block_images)
            * PART(tapped[t] + here);
  }
  for (int o = 0; o < outputs; ++o)
    for (int t = 0; t < COLUMNS; ++t)
      if (tap + t < how->taps)
        NAMED(add_lanes)(&sum[o][t], &slopes[(size_t)(output + o) * how->taps + tap + t]);
}

/// `by_images` for ROWS taps and COLUMNS positions.
INLINE void NAMED(by_some_images)(
    const correlation_t *how, int tap, int place, const float *gradient, float *slopes) {
  NAMED(part_t) sum[ROWS][COLUMNS] = {0};
  const float *placed[COLUMNS], *weights[ROWS];
  size_t row = row_places(how->places) * block_images;
  for (int p = 0; p < COLUMNS; ++p)
    placed[p] = gradient + least(place + p, how->places - 1) * block_images;
  for (int t = 0; t < ROWS; ++t) weights[t] = how->weights + least(tap + t, how->taps - 1);
  for (int output = 0; output < how->outputs; ++output)
    for (int t = 0; t < ROWS; ++t)
      for (int p = 0; p < COLUMNS; ++p)
        sum[t][p] += weights[t][(size_t)output * how->taps] * PART(placed[p] + output * row);
  for (int t = 0; t < ROWS; ++t)
    for (int p = 0; p < COLUMNS; ++p)
      if (tap + t < how->taps && place + p < how->places)
        PART(slopes + (how->tap[tap + t] + how->place[place + p]) * block_images) += sum[t][p];
}

TARGET static void NAMED(correlate)(
    const correlation_t *how, const lanes_t *images, lanes_t *sums) {
  for (int part = 0; part < block_images; part += WIDTH)
    for (int output = 0, some; output < how->outputs; output += some) {
      some = share(how->outputs - output, ROWS);
      for (int place = 0; place < how->places; place += COLUMNS)
        WITH_CONSTANT(
            some, NAMED(correlate_some), how, output, place, (const float *)images + part,
            (float *)sums + part);
    }
}

TARGET static void NAMED(by_weights)(
    const correlation_t *how, const lanes_t *images, const lanes_t *gradient, float *slopes) {
  for (int part = 0; part < block_images; part += WIDTH)
    for (int output = 0, some; output < how->outputs; output += some) {
      some = share(how->outputs - output, ROWS);
      for (int tap = 0; tap < how->taps; tap += COLUMNS)
        WITH_CONSTANT(
            some, NAMED(by_some_weights), how, output, tap, (const float *)images + part,
            (const float *)gradient + part, slopes);
    }
}

TARGET static void NAMED(by_images)(
    const correlation_t *how, const lanes_t *gradient, lanes_t *slopes) {
  for (int part = 0; part < block_images; part += WIDTH)
    for (int tap = 0; tap < how->taps; tap += ROWS)
      for (int place = 0; place < how->places; place += COLUMNS)
        NAMED(by_some_images)(
            how, tap, place, (const float *)gradient + part, (float *)slopes + part);
}

static const convolution_kernels_t NAMED(kernels) = {
  NAMED(correlate), NAMED(by_weights), NAMED(by_images)};

#undef PART
#undef COLUMNS
#undef INLINE
#undef NAMED
#undef TARGET
#undef WIDTH
#undef ROWS
