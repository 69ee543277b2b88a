//! Creating, changing and archiving products.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Id, Services};
use uuid::Uuid;

use super::author;
use crate::domain::details::{
    BookChanges, BookDetails, ClothingChanges, ClothingDetails, Details, GeneralChanges,
    GeneralDetails, LaptopChanges, LaptopDetails, MobileChanges, MobileDetails,
};
use crate::graphql::input::{NewProductFields, ProductFieldChanges};
use crate::graphql::product::{Book, Clothing, GeneralProduct, Laptop, Mobile, Product};
use crate::shops;
use crate::store::product;

/// The inputs and payloads of one kind. Inputs take over the fields of all products and those of the kind.
macro_rules! kind {
    ($kind:literal: $create:ident($details:ty), $update:ident($changes:ty), $created:ident, $updated:ident { $field:ident: $type:ty }) => {
        #[doc = concat!("A ", $kind, " to be sold.")]
        #[derive(InputObject)]
        pub struct $create {
            #[graphql(flatten)]
            product: NewProductFields,
            #[graphql(flatten)]
            details: $details,
        }

        #[doc = concat!("What changes of a ", $kind, ". What is left out stays as it is.")]
        #[derive(InputObject)]
        pub struct $update {
            /// The product; its shop must be yours.
            id: Id,
            #[graphql(flatten)]
            product: ProductFieldChanges,
            #[graphql(flatten)]
            details: $changes,
        }

        #[doc = concat!("A ", $kind, " that was created.")]
        #[derive(SimpleObject)]
        pub struct $created {
            /// The new product.
            $field: $type,
        }

        #[doc = concat!("A ", $kind, " that was changed.")]
        #[derive(SimpleObject)]
        pub struct $updated {
            /// The product as it is now.
            $field: $type,
        }
    };
}

kind!("book": CreateBookInput(BookDetails), UpdateBookInput(BookChanges), CreateBookPayload, UpdateBookPayload { book: Book });
kind!("laptop": CreateLaptopInput(LaptopDetails), UpdateLaptopInput(LaptopChanges), CreateLaptopPayload, UpdateLaptopPayload { laptop: Laptop });
kind!("mobile phone": CreateMobileInput(MobileDetails), UpdateMobileInput(MobileChanges), CreateMobilePayload, UpdateMobilePayload { mobile: Mobile });
kind!("piece of clothing": CreateClothingInput(ClothingDetails), UpdateClothingInput(ClothingChanges), CreateClothingPayload, UpdateClothingPayload { clothing: Clothing });
kind!("product of no special kind": CreateGeneralProductInput(GeneralDetails), UpdateGeneralProductInput(GeneralChanges), CreateGeneralProductPayload, UpdateGeneralProductPayload { general_product: GeneralProduct });

/// A product to be taken off the market.
#[derive(InputObject)]
pub struct ArchiveProductInput {
    /// The product; its shop must be yours.
    id: Id,
}

/// A product that was taken off the market.
#[derive(SimpleObject)]
pub struct ArchiveProductPayload {
    /// The product as it is now.
    product: Product,
}

/// Mutations of products.
#[derive(Default)]
pub struct Products;

#[Object]
impl Products {
    /// Creates a book. Only the owner of the shop may, and only once the shop is approved.
    async fn create_book(
        &self,
        ctx: &Context<'_>,
        input: CreateBookInput,
    ) -> ApiResult<CreateBookPayload> {
        let product = create(ctx, input.product, input.details).await?;
        Ok(CreateBookPayload {
            book: own(Book::of(product))?,
        })
    }

    /// Creates a laptop. Only the owner of the shop may, and only once the shop is approved.
    async fn create_laptop(
        &self,
        ctx: &Context<'_>,
        input: CreateLaptopInput,
    ) -> ApiResult<CreateLaptopPayload> {
        let product = create(ctx, input.product, input.details).await?;
        Ok(CreateLaptopPayload {
            laptop: own(Laptop::of(product))?,
        })
    }

    /// Creates a mobile phone. Only the owner of the shop may, and only once the shop is approved.
    async fn create_mobile(
        &self,
        ctx: &Context<'_>,
        input: CreateMobileInput,
    ) -> ApiResult<CreateMobilePayload> {
        let product = create(ctx, input.product, input.details).await?;
        Ok(CreateMobilePayload {
            mobile: own(Mobile::of(product))?,
        })
    }

    /// Creates a piece of clothing. Only the owner of the shop may, and only once the shop is approved.
    async fn create_clothing(
        &self,
        ctx: &Context<'_>,
        input: CreateClothingInput,
    ) -> ApiResult<CreateClothingPayload> {
        let product = create(ctx, input.product, input.details).await?;
        Ok(CreateClothingPayload {
            clothing: own(Clothing::of(product))?,
        })
    }

    /// Creates a product of no special kind. Only the owner of the shop may, and only once the shop is approved.
    async fn create_general_product(
        &self,
        ctx: &Context<'_>,
        input: CreateGeneralProductInput,
    ) -> ApiResult<CreateGeneralProductPayload> {
        let product = create(ctx, input.product, input.details).await?;
        Ok(CreateGeneralProductPayload {
            general_product: own(GeneralProduct::of(product))?,
        })
    }

    /// Changes a book. Only the owner of its shop may.
    async fn update_book(
        &self,
        ctx: &Context<'_>,
        input: UpdateBookInput,
    ) -> ApiResult<UpdateBookPayload> {
        let product = update::<BookDetails>(ctx, input.id, input.product, input.details).await?;
        Ok(UpdateBookPayload {
            book: own(Book::of(product))?,
        })
    }

    /// Changes a laptop. Only the owner of its shop may.
    async fn update_laptop(
        &self,
        ctx: &Context<'_>,
        input: UpdateLaptopInput,
    ) -> ApiResult<UpdateLaptopPayload> {
        let product = update::<LaptopDetails>(ctx, input.id, input.product, input.details).await?;
        Ok(UpdateLaptopPayload {
            laptop: own(Laptop::of(product))?,
        })
    }

    /// Changes a mobile phone. Only the owner of its shop may.
    async fn update_mobile(
        &self,
        ctx: &Context<'_>,
        input: UpdateMobileInput,
    ) -> ApiResult<UpdateMobilePayload> {
        let product = update::<MobileDetails>(ctx, input.id, input.product, input.details).await?;
        Ok(UpdateMobilePayload {
            mobile: own(Mobile::of(product))?,
        })
    }

    /// Changes a piece of clothing. Only the owner of its shop may.
    async fn update_clothing(
        &self,
        ctx: &Context<'_>,
        input: UpdateClothingInput,
    ) -> ApiResult<UpdateClothingPayload> {
        let product =
            update::<ClothingDetails>(ctx, input.id, input.product, input.details).await?;
        Ok(UpdateClothingPayload {
            clothing: own(Clothing::of(product))?,
        })
    }

    /// Changes a product of no special kind. Only the owner of its shop may.
    async fn update_general_product(
        &self,
        ctx: &Context<'_>,
        input: UpdateGeneralProductInput,
    ) -> ApiResult<UpdateGeneralProductPayload> {
        let product = update::<GeneralDetails>(ctx, input.id, input.product, input.details).await?;
        Ok(UpdateGeneralProductPayload {
            general_product: own(GeneralProduct::of(product))?,
        })
    }

    /// Takes a product off the market for good. Orders that hold pieces of it go on. Only the owner of its shop may;
    /// doing it again changes nothing.
    async fn archive_product(
        &self,
        ctx: &Context<'_>,
        input: ArchiveProductInput,
    ) -> ApiResult<ArchiveProductPayload> {
        let author = author(ctx)?;
        let id = input.id.0;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        connection
            .transaction(async |connection| product::archive(connection, &author, id).await)
            .await?;
        drop(connection);
        Ok(ArchiveProductPayload {
            product: loaded(ctx, id).await?,
        })
    }
}

async fn create<D: Details>(
    ctx: &Context<'_>,
    product: NewProductFields,
    details: D,
) -> ApiResult<Product> {
    let author = author(ctx)?;
    let services = ctx.data_unchecked::<Services>();
    let shop_id = product.shop_id().0;
    let new = product.checked()?;
    let details = details.checked()?;
    shops::refresh_unapproved(services, shop_id, &author).await?;
    let mut connection = services.database.get().await?;
    let id = connection
        .transaction(async |connection| product::create(connection, &author, new, details).await)
        .await?;
    drop(connection);
    loaded(ctx, id).await
}

async fn update<D: Details>(
    ctx: &Context<'_>,
    id: Id,
    product: ProductFieldChanges,
    details: D::Changes,
) -> ApiResult<Product> {
    let author = author(ctx)?;
    let changes = product.checked()?;
    let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
    connection
        .transaction(async |connection| {
            product::update::<D>(connection, &author, id.0, changes, details).await
        })
        .await?;
    drop(connection);
    loaded(ctx, id.0).await
}

async fn loaded(ctx: &Context<'_>, id: Uuid) -> ApiResult<Product> {
    let product = Product::load(ctx, id).await?;
    product.ok_or_else(|| ApiError::internal("a product is gone after it was written"))
}

fn own<T>(product: Option<T>) -> ApiResult<T> {
    product.ok_or_else(|| ApiError::internal("a product is of another kind than the one written"))
}
