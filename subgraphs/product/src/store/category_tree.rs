//! Changes of the category tree: categories get another name or place, or are removed. Products carry the names of
//! their categories to those who search, so that they are told of again.

use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::{ApiError, ApiResult, OnConstraint};
use uuid::Uuid;

use super::category::{self, Category, NAME, name_taken, path_for_child};
use super::snapshot;
use crate::tables::{categories, products};

diesel::define_sql_function! {
    /// How many elements an array has.
    fn cardinality(array: Array<SqlUuid>) -> Integer;
}

/// Lets nobody else change the tree, or put a product into it, until the transaction ends. Paths of whole branches
/// change at once, and no product may be told of with names that are just changing.
pub(super) async fn lock(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::sql_query("LOCK TABLE categories IN EXCLUSIVE MODE")
        .execute(connection)
        .await?;
    Ok(())
}

/// What changes of a category, checked.
#[derive(Debug, Clone, Default)]
pub struct CategoryChanges {
    /// Another name.
    pub name: Option<String>,
    /// Another place in the tree; `Some(None)` makes it a root.
    pub parent_id: Option<Option<Uuid>>,
}

/// Changes a category, and takes everything below it along. Call it in a transaction.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    changes: CategoryChanges,
    correlation_id: &str,
) -> ApiResult<Category> {
    lock(connection).await?;
    let before = find(connection, id).await?;
    let name = changes.name.as_ref().unwrap_or(&before.name);
    let parent = changes.parent_id.unwrap_or(before.parent_id);
    if (name, parent) == (&before.name, before.parent_id) {
        return Ok(before);
    }
    let depth = before.path.len();
    let above = if parent == before.parent_id {
        before.path[..depth - 1].to_vec()
    } else {
        path_to(connection, &before, parent).await?
    };
    diesel::sql_query(
        "UPDATE categories SET path = $3 || path[$4:], \
             parent_id = CASE WHEN id = $1 THEN $2 ELSE parent_id END, \
             name = CASE WHEN id = $1 THEN $5 ELSE name END \
         WHERE path @> ARRAY[$1]",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(parent)
    .bind::<Array<SqlUuid>, _>(above)
    .bind::<Integer, _>(i32::try_from(depth).unwrap_or(i32::MAX))
    .bind::<Text, _>(name)
    .execute(connection)
    .await
    .on_constraint(NAME, name_taken)?;
    tell_products(connection, id, correlation_id).await?;
    find(connection, id).await
}

async fn find(connection: &mut AsyncPgConnection, id: Uuid) -> ApiResult<Category> {
    let found = category::by_ids(connection, &[id]).await?.remove(&id);
    found.ok_or_else(|| ApiError::not_found("category", "input.id"))
}

/// The path of the place to which a category and everything below it is to move.
async fn path_to(
    connection: &mut AsyncPgConnection,
    moved: &Category,
    parent: Option<Uuid>,
) -> ApiResult<Vec<Uuid>> {
    let Some(parent) = parent else {
        return Ok(Vec::new());
    };
    let branch = categories::table.filter(categories::path.contains(vec![moved.id]));
    let below_itself = branch.clone().filter(categories::id.eq(parent));
    if diesel::select(exists(below_itself))
        .get_result(connection)
        .await?
    {
        let message = "a category cannot stand below itself";
        return Err(ApiError::bad_input("input.parentId", message));
    }
    let deepest: Option<i32> = branch
        .select(max(cardinality(categories::path)))
        .first(connection)
        .await?;
    let depth = moved.path.len();
    let levels = usize::try_from(deepest.unwrap_or_default()).unwrap_or(depth) + 1 - depth;
    path_for_child(connection, parent, levels).await
}

/// Removes a category that has no categories below it and nothing on sale in it; what is archived in it moves up. Call
/// it in a transaction.
pub async fn remove(connection: &mut AsyncPgConnection, id: Uuid) -> ApiResult<()> {
    lock(connection).await?;
    let category = find(connection, id).await?;
    let children = categories::table.filter(categories::parent_id.eq(id));
    if diesel::select(exists(children))
        .get_result(connection)
        .await?
    {
        return Err(
            ApiError::conflict("there are categories below this one; remove those first")
                .at("input.id"),
        );
    }
    let on_sale = products::table
        .filter(products::category_id.eq(id))
        .filter(products::archived_at.is_null());
    if diesel::select(exists(on_sale))
        .get_result(connection)
        .await?
    {
        return Err(ApiError::conflict("there are products in this category").at("input.id"));
    }
    diesel::update(products::table.filter(products::category_id.eq(id)))
        .set(products::category_id.eq(category.parent_id))
        .execute(connection)
        .await?;
    diesel::delete(categories::table.find(id))
        .execute(connection)
        .await?;
    Ok(())
}

/// Tells again of everything on sale in the category and below it.
async fn tell_products(
    connection: &mut AsyncPgConnection,
    category: Uuid,
    correlation_id: &str,
) -> QueryResult<()> {
    let branch = categories::table
        .filter(categories::path.contains(vec![category]))
        .select(categories::id.nullable());
    let ids: Vec<Uuid> = products::table
        .filter(products::category_id.eq_any(branch))
        .filter(products::archived_at.is_null())
        .order(products::id)
        .select(products::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    snapshot::tell_again(connection, &ids, correlation_id).await
}
