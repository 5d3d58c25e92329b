/* Batches that wait on disk until their server answers, for all destinations of an agent: <run folder>/spool, a file
 * for each (segment.h), made in one step and removed when it is answered. The next agent finds them, with everything
 * that is needed to send them; so they hold credentials: folder 0700, files 0600.
 *
 * When the limit is reached the oldest batch is dropped and counted, whosever it is. Files are not synced: they outlive
 * the agent, which may be killed at any moment, but not a crash of the machine, whose rings and run folder (/tmp, /run)
 * rarely outlive it either; a sync per batch would cost more than all the rest. What a crash leaves torn is found by
 * its checksums, removed and counted.
 *
 * Any thread; disk is touched without the lock that the others need. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "trace/source.h"

#define AZM_SPOOL_STRIKES 10u /* a batch that fails so often, while others between are taken, is dropped */

enum azm_loss { AZM_LOSS_SPOOL_FULL, AZM_LOSS_DAMAGED, AZM_LOSS_POISONED, AZM_LOSS_COUNT };
extern const char *const azm_loss_names[AZM_LOSS_COUNT]; /* "spool_full" and so on, as the status has them */

/* Events are lost. ring: the name of the ring they came from; empty when that is not known any more, as their number
 * then is 0. On the thread that calls; it must not call the spool. */
typedef void azm_spool_lost(void *self, const char *ring, uint64_t events, enum azm_loss loss);

struct azm_spool;
/* The batches of one format for one destination. */
struct azm_spool_line;

/* run_dir: private already. Reads what an earlier agent left. NULL: err says why nothing can be kept. */
struct azm_spool *azm_spool_open(const char *run_dir, uint64_t max_bytes, azm_spool_lost *lost, void *self,
                                 struct azm_error *err);
/* What waits stays. No line may be in use. NULL is fine. */
void azm_spool_close(struct azm_spool *spool);

/* Finds it or makes it; lives as long as the spool. NULL: the destination is too long. */
struct azm_spool_line *azm_spool_line(struct azm_spool *spool, const char *format,
                                      const struct azm_destination *destination);
/* What tells one line from another. False: too long. Dispose of out. */
bool azm_spool_key(struct azm_buf *out, const char *format, const struct azm_destination *destination);
/* All lines that something waits in. The callback may call azm_spool_line. */
typedef void azm_spool_visit(void *self, const char *format, const struct azm_destination *destination);
void azm_spool_each(struct azm_spool *spool, azm_spool_visit *each, void *self);

struct azm_spool_state {
    uint64_t bytes, max_bytes; /* on disk */
    uint64_t batches, events;
    bool failing; /* the last write failed; problem says how */
    char problem[256];
};
struct azm_spool_state azm_spool_state(struct azm_spool *spool);
/* Batches and events of a line, those in hand included. */
struct azm_spool_waiting {
    uint64_t batches, events;
} azm_spool_waiting(struct azm_spool_line *line);

/* Events of one ring. */
uint64_t azm_spool_events_of(struct azm_spool *spool, const char *ring);

/* A batch on disk. Whoever has it in hand calls one of the three below. */
struct azm_spool_batch;

struct azm_spool_item {
    azm_slice ring, user_agent, source; /* see segment.h */
    azm_slice body;                     /* as it is sent, before any compression */
    uint64_t events;
    unsigned failures; /* attempts that were made with it */
};

/* Writes it. in_hand: NULL, or where to leave it: then nobody else takes it. AZM_FULL, AZM_DENIED, AZM_IO...: nothing
 * was written. */
enum azm_status azm_spool_put(struct azm_spool_line *line, const struct azm_spool_item *item,
                              struct azm_spool_batch **in_hand, struct azm_error *err) AZM_MUST_CHECK;

struct azm_spool_letter {
    struct azm_spool_batch *batch;
    char ring[64], user_agent[256];
    uint64_t events;
    struct azm_buf file, body; /* file: the source lies in it */
    azm_slice source;
};

/* The line has something to be sent in its turn (what is set aside not counted). */
bool azm_spool_has_backlog(struct azm_spool_line *line);
/* The one with the fewest failures, of these the oldest. False: there is none now; *next_us is lowered to when there
 * may be one. Dispose of the letter's bufs. */
bool azm_spool_take(struct azm_spool_line *line, int64_t now_us, int64_t *next_us, struct azm_spool_letter *out);
/* Answered, or written in another form: gone. */
void azm_spool_done(struct azm_spool_line *line, struct azm_spool_batch *batch);
/* Not answered. suspect: the batch itself may be why. True: it is set aside for a while, since others were taken when
 * it was not; then nobody else need wait. After AZM_SPOOL_STRIKES it is dropped. */
bool azm_spool_return(struct azm_spool_line *line, struct azm_spool_batch *batch, bool suspect, int64_t now_us);
/* Everything that nobody has in hand, and whatever happened to it, waits in another line from now on (of one spool; in
 * the files it stays what it was). How many batches. */
uint64_t azm_spool_move(struct azm_spool_line *from, struct azm_spool_line *to);
/* The server took something of this line, from the spool or not. */
void azm_spool_taken(struct azm_spool_line *line);
