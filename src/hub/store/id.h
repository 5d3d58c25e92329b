/* Ids in the database. Most are lower-case hex, and take half the room as bytes; others stay as they are. SQLite tells
 * the two apart by type: BLOB and TEXT. */
#pragma once

#include "hub/store/statement.h"

enum { AZM_ID_TEXT = 1024 };

/* Empty ids are bound as NULL. Longer ones than AZM_ID_TEXT are cut. */
void azm_bind_id(struct azm_statement *s, azm_slice id);
/* The same, but an empty one stays an empty text. */
void azm_bind_id_key(struct azm_statement *s, azm_slice id);
/* Into text, which must outlive the slice. */
azm_slice azm_column_id(const struct azm_statement *s, int column, char text[AZM_ID_TEXT]);
/* Binds the least and the greatest id that begins with prefix. */
void azm_bind_id_range(struct azm_statement *s, azm_slice prefix);
