// SPDX-License-Identifier: MIT
// What the master tells the user: percent, cells, cell-steps per second, time to go, verdicts.
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "polite.h"

static const double live_seconds = 0.25;

void brink_progress_start(struct brink_progress *progress, const struct brink_spec *spec,
                          double report_seconds)
{
    *progress = (struct brink_progress){.spec = spec, .report_seconds = report_seconds};
    progress->start = progress->last = brink_clock();
}

// 1234567 as "1.23M": three digits are enough to watch.
static const char *short_number(double value, char text[16])
{
    static const char *const suffix[] = {"", "k", "M", "G", "T", "P", "E"};
    size_t i = 0;
    for (; value >= 999.5 && i + 1 < sizeof suffix / sizeof suffix[0]; i++)
        value /= 1000;
    snprintf(text, 16,
             i == 0          ? "%.0f%s"
             : value < 9.995 ? "%.2f%s"
             : value < 99.95 ? "%.1f%s"
                             : "%.0f%s",
             value, suffix[i]);
    return text;
}

static const char *duration(double seconds, char text[32])
{
    if (seconds < 60)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, 32, "%lld h %02d min", (long long)(seconds / 3600),
                 (int)((long long)seconds % 3600 / 60));
    return text;
}

static void describe(const struct brink_progress *progress, struct brink_text *line)
{
    char a[16], b[16], c[16], left[32];
    double elapsed = brink_clock() - progress->start;
    double cells = (double)(progress->cells_before + progress->cells);
    double all = (double)progress->spec->grid.cell_count;
    double rate = elapsed > 0 ? (double)progress->cells / elapsed : 0;
    brink_text_add(line, "%5.1f %%  %s of %s cells", 100 * cells / all, short_number(cells, a),
                   short_number(all, b));
    if (elapsed > 0 && progress->steps > 0)
        brink_text_add(line, "  %s cell-steps/s",
                       short_number((double)progress->steps / elapsed, c));
    if (rate > 0 && cells < all)
        brink_text_add(line, "  %s to go", duration((all - cells) / rate, left));
    for (int8_t i = 0; i < BRINK_STATUS_MAX; i++)
        if (progress->status_count[i] > 0)
            brink_text_add(line, "  %s %s", brink_model_status(progress->spec->model, i),
                           short_number((double)progress->status_count[i], a));
}

void brink_progress_tell(struct brink_progress *progress)
{
    bool terminal = brink_say_terminal();
    double now = brink_clock();
    if (now - progress->last < (terminal ? live_seconds : progress->report_seconds))
        return;
    progress->last = now;
    struct brink_text line = {0};
    describe(progress, &line);
    if (terminal)
        brink_say_live("%s", brink_text_get(&line));
    else
        brink_say("%s", brink_text_get(&line));
    brink_text_free(&line);
}

void brink_progress_end(const struct brink_progress *progress, const char *path)
{
    char took[32];
    struct brink_text line = {0};
    describe(progress, &line);
    brink_say_live("%s", "");
    brink_say("%s  in %s: %s", brink_text_get(&line),
              duration(brink_clock() - progress->start, took), path);
    brink_text_free(&line);
}
