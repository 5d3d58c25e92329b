/* The run folder: finds rings, and keeps a feed for each. The agent's thread. */
#pragma once

#include "agent/feed.h"

/* A ring's file that could not be read yet. */
struct azm_odd_file {
    struct azm_odd_file *next;
    char name[64];
    int64_t retry_us;
    bool seen, told;
};

struct azm_folder {
    const char *path; /* borrowed */
    struct azm_feed_tools *tools;
    struct azm_feed *feeds;
    struct azm_odd_file *odd;
    bool lost; /* the last scan failed, and the log says so */
    bool gone; /* because somebody removed the folder */
};

void azm_folder_init(struct azm_folder *folder, const char *path, struct azm_feed_tools *tools);
/* Closes all feeds; see azm_feed_close. */
void azm_folder_dispose(struct azm_folder *folder);
/* Opens feeds for new rings. */
void azm_folder_scan(struct azm_folder *folder, int64_t now_us);
/* Removes the files of finished feeds, and closes these. finished: called before, for a last look. */
void azm_folder_clean(struct azm_folder *folder, void (*finished)(void *self, struct azm_feed *feed), void *self);
