using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Countersign.Bench.Identity;

sealed class Users(DbContextOptions<Users> options) : IdentityUserContext<IdentityUser>(options);
