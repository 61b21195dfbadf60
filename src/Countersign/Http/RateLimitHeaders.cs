using System.Globalization;
using Countersign.Domain;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.</summary>
static class RateLimitHeaders
{
    public static void Write(HttpResponse response, RateLimit? limit)
    {
        if (limit is null)
            return;

        response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{limit.Name}\";q={limit.Quota};w={Seconds(limit.Window)}");
        response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{limit.Name}\";r={limit.Remaining};t={Seconds(limit.ResetsIn)}");
    }

    static long Seconds(TimeSpan span) => (long)Math.Ceiling(span.TotalSeconds);
}
