//! The category tree, kept as a materialised path: every category knows all its ancestors.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::page::Page;
use souk_platform::{ApiError, ApiResult, OnConstraint};
use uuid::Uuid;

use super::category_tree;
use crate::domain::{DEEPEST_CATEGORY, MOST_CHILDREN};
use crate::tables::categories;

/// A category.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = categories)]
pub struct Category {
    /// The category.
    pub id: Uuid,
    /// The one above it; `None` for a root.
    pub parent_id: Option<Uuid>,
    /// Its name, unique below its parent whatever the case.
    pub name: String,
    /// The ids from the root down to this category, itself included.
    pub path: Vec<Uuid>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The categories with these ids.
pub async fn by_ids(
    connection: &mut AsyncPgConnection,
    ids: &[Uuid],
) -> QueryResult<HashMap<Uuid, Category>> {
    let rows: Vec<Category> = categories::table
        .filter(categories::id.eq_any(ids))
        .select(Category::as_select())
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The categories directly below each of these, by name.
pub async fn children_of(
    connection: &mut AsyncPgConnection,
    parents: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<Category>>> {
    let rows: Vec<Category> = categories::table
        .filter(categories::parent_id.eq_any(parents))
        .order((categories::name, categories::id))
        .select(Category::as_select())
        .load(connection)
        .await?;
    let mut children: HashMap<Uuid, Vec<Category>> = HashMap::new();
    for row in rows {
        if let Some(parent) = row.parent_id {
            children.entry(parent).or_default().push(row);
        }
    }
    Ok(children)
}

/// The key of the list of categories: name, then id.
pub type ListKey = (String, Uuid);

/// A page of the categories directly below `parent`, or of the roots.
pub async fn page(
    connection: &mut AsyncPgConnection,
    parent: Option<Uuid>,
    page: &Page<ListKey>,
) -> QueryResult<Vec<Category>> {
    let mut query = categories::table
        .order((categories::name, categories::id))
        .limit(page.limit())
        .select(Category::as_select())
        .into_boxed();
    query = match parent {
        Some(parent) => query.filter(categories::parent_id.eq(parent)),
        None => query.filter(categories::parent_id.is_null()),
    };
    if let Some((name, id)) = &page.after {
        let later = categories::name
            .gt(name)
            .or(categories::name.eq(name).and(categories::id.gt(id)));
        query = query.filter(later);
    }
    query.load(connection).await
}

/// False when there is no such category; otherwise neither its name nor its place changes until the transaction ends.
pub async fn hold(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let held: Option<Uuid> = categories::table
        .find(id)
        .select(categories::id)
        .for_key_share()
        .first(connection)
        .await
        .optional()?;
    Ok(held.is_some())
}

/// Creates a category below `parent`, or a root. Call it in a transaction.
pub async fn create(
    connection: &mut AsyncPgConnection,
    name: String,
    parent: Option<Uuid>,
) -> ApiResult<Category> {
    category_tree::lock(connection).await?;
    let id = Uuid::now_v7();
    let mut path = match parent {
        Some(parent) => path_for_child(connection, parent, 1).await?,
        None => Vec::new(),
    };
    path.push(id);
    let category = Category {
        id,
        parent_id: parent,
        name,
        path,
        created_at: Utc::now(),
    };
    diesel::insert_into(categories::table)
        .values(&category)
        .execute(connection)
        .await
        .on_constraint(NAME, name_taken)?;
    Ok(category)
}

/// The index that keeps names apart.
pub(super) const NAME: &str = "categories_name_key";

pub(super) fn name_taken() -> ApiError {
    ApiError::bad_input(
        "input.name",
        "there is a category of this name already in this place",
    )
}

/// The path of the parent to be, if `levels` of categories fit below it. The tree is locked.
pub(super) async fn path_for_child(
    connection: &mut AsyncPgConnection,
    parent: Uuid,
    levels: usize,
) -> ApiResult<Vec<Uuid>> {
    let path: Option<Vec<Uuid>> = categories::table
        .find(parent)
        .select(categories::path)
        .first(connection)
        .await
        .optional()?;
    let Some(path) = path else {
        return Err(ApiError::not_found("category", "input.parentId"));
    };
    if path.len() + levels > DEEPEST_CATEGORY {
        let message = format!("the category tree has at most {DEEPEST_CATEGORY} levels");
        return Err(ApiError::bad_input("input.parentId", message));
    }
    let children: i64 = categories::table
        .filter(categories::parent_id.eq(parent))
        .count()
        .get_result(connection)
        .await?;
    if children >= MOST_CHILDREN {
        let message =
            format!("a category has at most {MOST_CHILDREN} categories directly below it");
        return Err(ApiError::bad_input("input.parentId", message));
    }
    Ok(path)
}
