"""What a competent team writes with FastAPI and SQLAlchemy (async ORM, asyncpg): the shop that ours is compared with.

FAST=1 skips the validation of replies and uses ujson. `python3 fastapi_shop.py` makes the tables and the products.
"""
import os
from datetime import datetime
from decimal import Decimal
from typing import List, Optional

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import UJSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, Numeric, SmallInteger, String, Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

FAST = os.environ.get("FAST") == "1"
engine = create_async_engine(os.environ.get("DSN", "postgresql+asyncpg://postgres@127.0.0.1:5432/shop"),
                             pool_size=int(os.environ.get("POOL", "16")), max_overflow=0, pool_timeout=30)
Session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
Base = declarative_base()


class Product(Base):
    __tablename__ = "product"
    id = Column(Integer, primary_key=True)
    sku = Column(String(64), unique=True, nullable=False)
    name = Column(String(200), nullable=False)
    description = Column(Text, nullable=False)
    price = Column(Numeric(12, 2), nullable=False)
    stock = Column(BigInteger, nullable=False)
    updated_at = Column(DateTime(timezone=True), server_default=func.now(), nullable=False)


class Movement(Base):
    __tablename__ = "movement"
    __mapper_args__ = {"eager_defaults": True}
    id = Column(BigInteger, primary_key=True)
    product_id = Column(Integer, ForeignKey("product.id"), index=True, nullable=False)
    quantity = Column(BigInteger, nullable=False)
    kind = Column(SmallInteger, nullable=False)
    created_at = Column(DateTime(timezone=True), server_default=func.now(), nullable=False)


class CheckoutIn(BaseModel):
    product_id: int
    quantity: int = Field(1, ge=1)


class CheckoutOut(BaseModel):
    movement_id: int
    product_id: int
    stock: int


class ProductOut(BaseModel):
    id: int
    sku: str
    name: str
    description: str
    price: Decimal
    stock: int
    updated_at: datetime

    class Config:
        orm_mode = True


class PageOut(BaseModel):
    items: List[ProductOut]
    page: int
    page_size: int
    total: Optional[int]


app = FastAPI()


async def db():
    async with Session() as s:
        yield s


def plain(p):
    return {"id": p.id, "sku": p.sku, "name": p.name, "description": p.description, "price": str(p.price),
            "stock": p.stock, "updated_at": p.updated_at.isoformat()}


@app.post("/checkout", status_code=201, response_model=None if FAST else CheckoutOut)
async def checkout(body: CheckoutIn, s: AsyncSession = Depends(db)):
    p = (await s.execute(select(Product).where(Product.id == body.product_id).with_for_update())).scalar_one_or_none()
    if p is None:
        raise HTTPException(404, "no such product")
    if p.stock < body.quantity:
        raise HTTPException(409, "insufficient stock")
    m = Movement(product_id=p.id, quantity=-body.quantity, kind=1)
    s.add(m)
    p.stock -= body.quantity
    await s.commit()
    out = {"movement_id": m.id, "product_id": p.id, "stock": p.stock}
    return UJSONResponse(out, 201) if FAST else out


@app.get("/products/{id}", response_model=None if FAST else ProductOut)
async def get_product(id: int, s: AsyncSession = Depends(db)):
    p = await s.get(Product, id)
    if p is None:
        raise HTTPException(404, "no such product")
    return UJSONResponse(plain(p)) if FAST else p


@app.get("/products", response_model=None if FAST else PageOut)
async def list_products(page: int = Query(1, ge=1), page_size: int = Query(20, ge=1, le=100), total: int = 1,
                        s: AsyncSession = Depends(db)):
    items = (await s.execute(select(Product).order_by(Product.id).offset((page - 1) * page_size).limit(page_size))).scalars().all()
    n = (await s.execute(select(func.count()).select_from(Product))).scalar_one() if total else None
    if FAST:
        return UJSONResponse({"items": [plain(p) for p in items], "page": page, "page_size": page_size, "total": n})
    return {"items": items, "page": page, "page_size": page_size, "total": n}


if __name__ == "__main__":
    import asyncio
    from sqlalchemy import text

    async def setup():
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
            await connection.run_sync(Base.metadata.create_all)
            await connection.execute(text(
                "insert into product(id, sku, name, description, price, stock) select g, 'SKU-' || g, 'Product ' || g, "
                "repeat('lorem ipsum ', 10), 9.99, 1000000000 from generate_series(1, 1000) g"))
        await engine.dispose()

    asyncio.run(setup())
